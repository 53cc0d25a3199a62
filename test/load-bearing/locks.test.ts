import { LOCK_RULES } from './groups.ts';
import { wantsEachBranchNoticed } from './load-bearing.ts';

wantsEachBranchNoticed(LOCK_RULES);
