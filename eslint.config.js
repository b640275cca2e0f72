// Type-checked linting; no rule is switched off by a comment anywhere.
import tseslint from 'typescript-eslint'

export default tseslint.config(
  {
    ignores: [
      'node_modules',
      '.smdmc',
      'runs',
      'bin',
      'dist',
      'eslint.config.js',
      'scripts/build.js',
      'runtime/onnx/worker.js',
      'bench/torch',
      'editor',
    ],
  },
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/require-await': 'off',
    },
  },
  // node:test's test() and describe() return promises that the runner awaits itself.
  { files: ['test/**'], rules: { '@typescript-eslint/no-floating-promises': 'off' } },
)
