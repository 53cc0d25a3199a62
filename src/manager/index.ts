/**
 * The reference workspace manager.
 *
 * @module
 */

export * from './claims/index.ts';
