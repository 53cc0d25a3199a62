/** The model of every runtime that has no default of its own. */
const UNIVERSAL_MODEL = 'anthropic:claude-opus-4-7';

/**
 * The model of a workspace that asks for none. The only place where a runtime decides that.
 *
 * A policy: a deployment that wants every workspace to say its model refuses those that do not, before it comes here.
 */
export function defaultModel(runtime: string): string {
  return runtime === 'claude-code' ? 'sonnet' : UNIVERSAL_MODEL;
}
