import type { Migration } from '../migrate.ts';

/** What all managers of a database have to agree on. */
export const settings: Migration = {
  name: '0006_settings',
  sql: `
CREATE TABLE settings (
  name text PRIMARY KEY,
  value text NOT NULL
);
`,
};
