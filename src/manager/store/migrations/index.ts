import type { Migration } from '../migrate.ts';
import { workspaces } from './0001_workspaces.ts';
import { sessions } from './0003_sessions.ts';

/** The steps of the schema, embedded, so that a build has the schema that it was written for. */
export const migrations: readonly Migration[] = [workspaces, sessions];
