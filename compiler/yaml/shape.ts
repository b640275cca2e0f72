export function reportHoles(): void {}
