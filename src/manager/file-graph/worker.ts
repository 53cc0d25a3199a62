import { runWorkerBuild } from '../graphs/worker-side.ts';
import { buildFileGraph } from './file-graph.ts';

await runWorkerBuild(({ root }: { readonly root: string }, checkpoint) => buildFileGraph(root, checkpoint));
