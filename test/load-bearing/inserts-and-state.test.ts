import { INSERT_RULES } from './groups.ts';
import { wantsEachBranchNoticed } from './load-bearing.ts';

wantsEachBranchNoticed(INSERT_RULES);
