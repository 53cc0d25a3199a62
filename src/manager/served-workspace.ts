import { access, mkdir, stat } from 'node:fs/promises';
import type { BuildWorkspace } from './claims/index.ts';
import { Broker } from './events/broker.ts';
import type { GraphManager, WorkspaceKey } from './graphs/index.ts';
import { workspaceKey } from './graphs/index.ts';
