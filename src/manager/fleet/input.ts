import { isStorable, NOT_STORABLE } from '../storable.ts';
import { defaultModel } from './default-model.ts';
import { knownTier } from './default-tier.ts';
import { FleetInvalidError } from './errors.ts';
import type { FleetWorkspace } from './workspace-row.ts';

const MAX_NAME = 200;

/** What is asked for with a new workspace. */
export interface WorkspaceInput {
  readonly name: string;
  /** What its instance runs: letters, digits, `.`, `_` and `-`. */
  readonly runtime: string;
  /** Default: that of the runtime. */
  readonly model?: string | undefined;
  /** From 1 to 4. Default: that of the deployment. */
  readonly tier?: number | undefined;
  /** Whatever else its instance is to know. */
  readonly config?: Readonly<Record<string, unknown>> | undefined;
}

/** {@link WorkspaceInput} with every default filled in. @throws {@link FleetInvalidError} */
export function completed(
  input: WorkspaceInput,
  defaultTier: number,
): Pick<FleetWorkspace, 'name' | 'runtime' | 'model' | 'tier' | 'config'> {
  const { runtime, model, tier, config = {} } = input;
  checkStorable({ model, config });
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(runtime)) {
    throw new FleetInvalidError(
      `'${runtime}' is not the name of a runtime; use up to 64 letters, digits, '.', '_' and '-'`,
    );
  }
  return {
    name: validName(input.name),
    runtime,
    model: model || defaultModel(runtime),
    tier: tier === undefined ? defaultTier : knownTier(tier),
    config,
  };
}

/** Checks what the database would refuse, or keep as something else. @throws {@link FleetInvalidError} */
export function checkStorable(fields: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(fields)) {
    if (!isStorable(value)) throw new FleetInvalidError(`the ${name} of a workspace ${NOT_STORABLE}`);
  }
}

/** A name, without spaces around it. @throws {@link FleetInvalidError} */
export function validName(name: string): string {
  const trimmed = name.trim();
  if (trimmed === '' || trimmed.length > MAX_NAME || /[\p{Cc}\p{Cs}]/u.test(trimmed)) {
    throw new FleetInvalidError(
      `a workspace has a name of 1 to ${MAX_NAME} characters on one line, got ${JSON.stringify(name.slice(0, 50))}`,
    );
  }
  return trimmed;
}
