// npm run bench
// What is measured here and how: bench/results holds what it gave, with device, date and command. Never part of the tests.
await import('./cpu/train.ts')
