import type { AnyRule } from '../src/engine/rule.ts';
import { atomicSection } from './atomic-section/rule.ts';
import { callBefore } from './call-before/rule.ts';
import { checkThenAct } from './check-then-act/rule.ts';
import { exclusiveMutator } from './exclusive-mutator/rule.ts';
import { guardedBy } from './guarded-by/rule.ts';
import { insertAllowlist } from './insert-allowlist/rule.ts';
import { insertInLoop } from './insert-in-loop/rule.ts';
import { lockAwait } from './lock-await/rule.ts';
import { lockBalance } from './lock-balance/rule.ts';
import { lockCallback } from './lock-callback/rule.ts';
import { lockCycle } from './lock-cycle/rule.ts';
import { lockOrder } from './lock-order/rule.ts';
import { lockReentry } from './lock-reentry/rule.ts';
import { mustCall } from './must-call/rule.ts';
import { mustUse } from './must-use/rule.ts';
import { mutateWhileIterating } from './mutate-while-iterating/rule.ts';
import { noBareCheck } from './no-bare-check/rule.ts';
import { pairedMutation } from './paired-mutation/rule.ts';
import { requireDispatcher } from './require-dispatcher/rule.ts';
import { routeGuard } from './route-guard/rule.ts';
import { singleSource } from './single-source/rule.ts';
import { testOnly } from './test-only/rule.ts';
import { trackedPromise } from './tracked-promise/rule.ts';

/** Every built-in rule, in alphabetical order. */
export const builtinRules: readonly AnyRule[] = [
  atomicSection,
  callBefore,
  checkThenAct,
  exclusiveMutator,
  guardedBy,
  insertAllowlist,
  insertInLoop,
  lockAwait,
  lockBalance,
  lockCallback,
  lockCycle,
  lockOrder,
  lockReentry,
  mustCall,
  mustUse,
  mutateWhileIterating,
  noBareCheck,
  pairedMutation,
  requireDispatcher,
  routeGuard,
  singleSource,
  testOnly,
  trackedPromise,
];
