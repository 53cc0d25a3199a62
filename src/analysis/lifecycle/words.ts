/** On a declaration that only tests may refer to. */
export const TEST_ONLY_TAG = '@testOnly';

/** On a function whose result must be used. */
export const MUST_USE_TAG = '@mustUse';
