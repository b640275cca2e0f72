// How a model's inputs and outputs are called: the agreement between the planner and the backend that feeds the model.
// A state is an input and, under another name, an output; prefixes keep inputs and outputs from ever meeting.

/** Model input for a data input of a program. */
export const inputName = (name: string): string => `in:${name}`
/** Model input for a state as it is before the run. */
export const stateName = (name: string): string => `state:${name}`
/** Model output for the new value of a state. */
export const updateName = (name: string): string => `next:${name}`
export const resultName = (name: string): string => `out:${name}`
/** Model input, i64 [1], for the extent of a live dimension. Present only where the model needs it. */
export const extentName = (dim: string): string => `extent:${dim}`
