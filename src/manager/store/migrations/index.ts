import type { Migration } from '../migrate.ts';
import { workspaces } from './0001_workspaces.ts';
import { delegations } from './0002_delegations.ts';
import { sessions } from './0003_sessions.ts';
import { pendingUploads } from './0004_pending_uploads.ts';
import { settings } from './0006_settings.ts';

/** The steps of the schema, embedded, so that a build has the schema that it was written for. */
export const migrations: readonly Migration[] = [workspaces, delegations, sessions, pendingUploads, settings];
