/** The tag of a function that may not pause. */
export const ATOMIC_TAG = '@atomic';

/** What a section begins and ends with that is not a whole function. */
export const ATOMIC_MARKERS: readonly string[] = ['atomic-begin', 'atomic-end'];

/** What makes a file worth reading for its atomic sections. */
export const ATOMIC_WORDS: readonly string[] = [ATOMIC_TAG, ...ATOMIC_MARKERS];
