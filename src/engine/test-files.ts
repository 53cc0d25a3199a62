/** The patterns of the files that are tests, where a config does not say otherwise. */
export const TEST_FILES: readonly string[] = [
  '**/*.{test,spec}.*',
  '**/*.{test,spec}-d.*',
  '**/{__tests__,__mocks__,test,tests}/**',
];
