// Words that the generated corpus is made of.

export const DOMAINS = [
  'billing', 'catalog', 'shipping', 'identity', 'messaging', 'analytics', 'support', 'inventory', 'scheduling',
  'payments', 'search', 'media', 'compliance', 'onboarding', 'pricing', 'subscription', 'workspace', 'project',
  'document', 'reporting',
];

export const ENTITIES = [
  'invoice', 'customer', 'article', 'parcel', 'account', 'channel', 'campaign', 'ticket', 'shelf', 'booking',
  'refund', 'query', 'album', 'policy', 'checklist', 'discount', 'plan', 'member', 'milestone', 'draft',
  'dashboard', 'contract', 'supplier', 'route', 'token', 'thread', 'segment', 'escalation', 'batch', 'voucher',
];

/** @type {readonly (readonly [name: string, type: 'string' | 'number' | 'boolean' | 'Date' | 'string[]' | 'Money'])[]} */
export const FIELDS = [
  ['title', 'string'], ['reference', 'string'], ['description', 'string'], ['ownerName', 'string'],
  ['locale', 'string'], ['currency', 'string'], ['region', 'string'], ['externalKey', 'string'],
  ['quantity', 'number'], ['priority', 'number'], ['weight', 'number'], ['attempts', 'number'],
  ['score', 'number'], ['version', 'number'], ['position', 'number'], ['capacity', 'number'],
  ['archived', 'boolean'], ['verified', 'boolean'], ['internal', 'boolean'], ['billable', 'boolean'],
  ['dueAt', 'Date'], ['seenAt', 'Date'], ['startsAt', 'Date'], ['confirmedAt', 'Date'],
  ['labels', 'string[]'], ['watchers', 'string[]'], ['attachments', 'string[]'], ['aliases', 'string[]'],
  ['price', 'Money'], ['deposit', 'Money'], ['penalty', 'Money'], ['credit', 'Money'],
];

export const STATUSES = [
  'draft', 'open', 'pending', 'approved', 'rejected', 'active', 'paused', 'expired', 'closed', 'merged',
];

export const VERBS = [
  'archive', 'approve', 'assign', 'confirm', 'duplicate', 'escalate', 'extend', 'merge', 'notify', 'postpone',
  'publish', 'reassign', 'rename', 'reopen', 'restore', 'schedule', 'summarise', 'transfer', 'verify', 'withdraw',
];

export const ADJECTIVES = [
  'recent', 'overdue', 'largest', 'shared', 'hidden', 'pinned', 'foreign', 'orphaned', 'flagged', 'regional',
];

export const SENTENCES = [
  'Callers see a snapshot; later changes do not reach them.',
  'The order of the result follows the order of the request.',
  'An empty answer is an answer, and not an error.',
  'Dates are compared in UTC, whatever the locale of the reader.',
  'The amounts are kept in minor units to stay clear of rounding.',
  'Old clients send the field as text, so both forms are understood.',
  'The limit protects the database from a careless dashboard.',
  'What the customer typed is kept as it is, spaces at the ends aside.',
  'Retries are the business of the caller, who knows the deadline.',
  'Unknown values are passed on, so that a newer service may use them.',
];
