import js from '@eslint/js';
import hooks from 'eslint-plugin-react-hooks';
import globals from 'globals';
import ts from 'typescript-eslint';
import borders from './scripts/import-borders.js';

export default ts.config(
  { ignores: ['dist/', 'node_modules/'] },
  js.configs.recommended,
  {
    files: ['**/*.{ts,tsx}'],
    extends: [...ts.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      // `${count}` is what templates are for.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      // Handlers such as onClick={() => navigate('/')} return what they call.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      // React's event props accept a promise; a rejection is caught inside.
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
    },
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': hooks, mdreader: borders },
    languageOptions: { globals: globals.browser },
    rules: { ...hooks.configs.recommended.rules, 'mdreader/import-borders': 'error', 'max-lines': ['error', 400], 'no-console': 'error' },
  },
  { files: ['src/**/*.test.{ts,tsx}'], rules: { 'max-lines': 'off', '@typescript-eslint/no-non-null-assertion': 'off' } },
  { files: ['scripts/**', '*.config.js'], languageOptions: { globals: globals.node } },
  { files: ['service-worker.js'], languageOptions: { globals: { ...globals.serviceworker, __BUILD__: 'readonly' } } },
  { files: ['public/**'], languageOptions: { globals: globals.browser, sourceType: 'script' } },
);
