import { CALL_RULES } from './groups.ts';
import { wantsEachBranchNoticed } from './load-bearing.ts';

wantsEachBranchNoticed(CALL_RULES);
