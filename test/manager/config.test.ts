import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/manager/config.ts';

/** What a bad environment is answered with. */
function refusal(env: Record<string, string>): string {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('the settings', () => {
  test('M-G24 without any, it listens on the loopback interface and keeps its data in the state directory', () => {
    const config = readConfig({ XDG_STATE_HOME: '/state' });
    expect(config.listen).toEqual({ host: '127.0.0.1', port: 7420 });
    expect(config).toMatchObject({
      database: { url: undefined, connectTimeoutMs: 5_000, statementTimeoutMs: 30_000 },
      redisUrl: undefined,
      directory: '/state/ws-gate-manager',
      adminToken: undefined,
      createGraceMs: 30_000,
      detachGraceMs: 10_000,
      idleShutdownMs: Infinity,
      memoryLimitBytes: 2_147_483_648,
      ledgerWrites: false,
    });
  });

  test('an empty variable is one that is not set', () => {
    expect(readConfig({ DATABASE_URL: '', WS_MANAGER_PORT: '' }).database.url).toBeUndefined();
  });

  test('a socket beats host and port, and :memory: is no directory', () => {
    const config = readConfig({ WS_MANAGER_SOCKET: '/run/ws.sock', WS_MANAGER_DATA: ':memory:' });
    expect([config.listen, config.directory]).toEqual([{ socket: '/run/ws.sock' }, undefined]);
  });

  test.each([
    ['1', true],
    ['true', false],
    ['yes', false],
    ['on', false],
    ['TRUE', false],
    ['0', false],
  ])('M-12 DELEGATION_LEDGER_WRITE=%s is %s', (value, on) => {
    expect(readConfig({ DELEGATION_LEDGER_WRITE: value }).ledgerWrites).toBe(on);
  });

  test.each([
    [{ WS_MANAGER_PORT: '99999' }, 'WS_MANAGER_PORT="99999" cannot be used: it must be from 0 to 65535'],
    [{ WS_MANAGER_PORT: 'http' }, 'WS_MANAGER_PORT="http" cannot be used: a whole number is needed'],
    [
      { WS_MANAGER_ADMIN_TOKEN: 'short' },
      'WS_MANAGER_ADMIN_TOKEN=… cannot be used: at least 16 characters are needed',
    ],
    [
      { WS_MANAGER_ADMIN_TOKEN: 'sixteen letters and blanks' },
      'WS_MANAGER_ADMIN_TOKEN=… cannot be used: a header has to carry it: no blanks, and ASCII alone',
    ],
    [
      { WS_MANAGER_ADMIN_TOKEN: 'sixteen-or-more-é' },
      'WS_MANAGER_ADMIN_TOKEN=… cannot be used: a header has to carry it: no blanks, and ASCII alone',
    ],
    [
      { WS_MANAGER_IDLE_SHUTDOWN_S: 'Never' },
      'WS_MANAGER_IDLE_SHUTDOWN_S="Never" cannot be used: seconds are needed, from 0 to 2147483, or never',
    ],
    [
      { WS_MANAGER_SOCKET: `/${'x'.repeat(103)}` },
      `WS_MANAGER_SOCKET="/${'x'.repeat(103)}" cannot be used: the path of a socket has at most 103 bytes`,
    ],
    [
      { WS_MANAGER_CONTROL_PLANE_URL: 'https://user:secret@plane', WS_MANAGER_CONTROL_PLANE_TOKEN: 'x' },
      'WS_MANAGER_CONTROL_PLANE_URL=… cannot be used: it must hold no user and no password; the token is what it is told',
    ],
    [
      { WS_MANAGER_CONTROL_PLANE_URL: 'https://plane', WS_MANAGER_CONTROL_PLANE_TOKEN: 'a\nb' },
      'WS_MANAGER_CONTROL_PLANE_TOKEN=… cannot be used: a header has to carry it: no blanks, and ASCII alone',
    ],
    [
      { DATABASE_URL: 'mysql://root:secret@db/x' },
      'DATABASE_URL=… cannot be used: a URL is needed that begins with postgres:// or postgresql://',
    ],
    [
      { WS_MANAGER_CONTROL_PLANE_URL: 'https://plane.example' },
      'WS_MANAGER_CONTROL_PLANE_URL is set without WS_MANAGER_CONTROL_PLANE_TOKEN; set both',
    ],
    [
      { WS_MANAGER_CONTROL_PLANE_TOKEN: 'x' },
      'WS_MANAGER_CONTROL_PLANE_TOKEN is set without WS_MANAGER_CONTROL_PLANE_URL; set both',
    ],
  ])('%o is refused in one line that says why, and repeats no secret', (env, message) => {
    expect(refusal(env)).toBe(message);
  });

  test('a misspelt setting is refused, not passed over', () => {
    expect(refusal({ WS_MANAGER_PROT: '80' })).toMatch(
      /^WS_MANAGER_PROT is no setting; the settings are .*WS_MANAGER_PORT/,
    );
  });
});
