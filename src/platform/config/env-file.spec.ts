import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseEnvFile, readEnvFile } from './env-file.js';

const KNOWN = ['NODE_ENV', 'PORT', 'JWT_SECRET', 'RATE_LIMIT_MAX', 'MONGODB_URI'];
const parse = (text: string) => parseEnvFile(text, KNOWN);

describe('a line of an environment file', () => {
  it.each([
    ['as it is', 'PORT=80', '80'],
    ['with spaces around it', '  PORT = 80  ', '80'],
    ['as a shell exports it', 'export PORT=80', '80'],
    ['with nothing', 'PORT=', ''],
    ['with empty quotes', 'PORT=""', ''],
    ['in quotes', `PORT='a b'`, 'a b'],
    ['in quotes that hold a comment sign', 'PORT="a#b # c"', 'a#b # c'],
    ['in quotes, and a comment', `PORT='a'  # it's "fine"`, 'a'],
    ['in single quotes, as it is', String.raw`PORT='$HOME \n "x" #'`, String.raw`$HOME \n "x" #`],
    ['with equals signs', 'PORT=YQ==', 'YQ=='],
    ['with quotes in the middle', `PORT=O'Brien "x"`, `O'Brien "x"`],
    ['with dollar signs that name nothing', 'PORT=pa$$w0rd$1$b', 'pa$$w0rd$1$b'],
    ['with a backslash', String.raw`PORT=C:\data\new`, String.raw`C:\data\new`],
  ])('is read %s', (_, line, value) => {
    expect(parse(line)).toEqual({ values: new Map([['PORT', value]]), faults: [], foreign: [] });
  });

  it.each([
    ['a comment sign in a value', 'JWT_SECRET=zq#zq', 'JWT_SECRET', 'holds a #'],
    ['a comment behind a value', 'JWT_SECRET=zq # the secret', 'JWT_SECRET', 'holds a #'],
    ['a quote that stays open', 'JWT_SECRET="zq', 'JWT_SECRET', 'closing quote'],
    ['a value over several lines', 'JWT_SECRET="zq\nzq"', 'JWT_SECRET', 'closing quote'],
    ['text behind a quoted value', `JWT_SECRET='zq'zq`, 'JWT_SECRET', 'closing quote'],
    ['a quote inside its like', String.raw`JWT_SECRET="zq\"zq"`, 'JWT_SECRET', 'closing quote'],
    ['a backslash in double quotes', String.raw`JWT_SECRET="zq\nzq"`, 'JWT_SECRET', 'backslash'],
    ['a line that goes on', 'JWT_SECRET=zq\\', 'JWT_SECRET', 'backslash'],
    ['a variable in a value', 'JWT_SECRET=zq${PORT}', 'JWT_SECRET', 'not expanded'],
    ['a variable without braces', 'JWT_SECRET="$PORT-zq"', 'JWT_SECRET', 'not expanded'],
    ['a command', 'JWT_SECRET=$(cat zq)', 'JWT_SECRET', 'not expanded'],
    ['spaces that would be cut', 'JWT_SECRET=" zq "', 'JWT_SECRET', 'begins or ends with a space'],
    ['a control character', 'JWT_SECRET=zq\u0007', 'JWT_SECRET', 'control character'],
    [
      'a name that is given twice',
      'JWT_SECRET=zq\nJWT_SECRET=zq',
      'JWT_SECRET',
      'twice in .env, lines 1 and 2',
    ],
    ['no equals sign', 'zq', '.env line 1', 'no NAME=value'],
    ['no name', '=zq', '.env line 1', 'no NAME=value'],
    ['a name of two words', 'set zq=1', '.env line 1', 'no NAME=value'],
    ['what YAML writes', 'PORT: zq', '.env line 1', 'no NAME=value'],
    ['a letter too few', 'RATE_LIMT_MAX=zq', '.env line 1', 'RATE_LIMIT_MAX is meant'],
    ['another case', 'port=zq', '.env line 1', 'PORT is meant'],
    ['another separator', 'JWT-SECRET=zq', '.env line 1', 'no NAME=value'],
    ['a synonym', 'MONGO_URI=zq', '.env line 1', 'MONGODB_URI is meant'],
    ['what Node has read before', 'NODE_OPTIONS=--zq', '.env line 1', 'set it in the environment'],
  ])('is refused for %s, without its value', (_, text, variable, problem) => {
    const { faults, values } = parse(`${text}\nPORT=1`);
    expect(faults[0]).toEqual({ variable, problem: expect.stringContaining(problem) });
    expect(JSON.stringify(faults)).not.toContain('zq');
    expect(values.get('PORT')).toBe('1');
  });

  it('tells of every fault, and in which line it is', () => {
    const { faults } = parse('# A comment\r\n\r\nJWT_SECRET=a#b\r\nPORT="1\rhalf');
    expect(faults.map(({ variable, problem }) => `${variable} ${problem}`)).toEqual([
      expect.stringContaining('JWT_SECRET (.env line 3) holds a #'),
      expect.stringContaining('PORT (.env line 4) has no closing quote'),
      expect.stringContaining('.env line 5 is no comment'),
    ]);
  });

  it('hands on what is for others, and names it unless it may be half a secret', () => {
    const { values, foreign } = parse('TZ=UTC\nDATABASE_URL=x\nAbC1=');
    expect([...values.keys()]).toEqual(['TZ', 'DATABASE_URL', 'AbC1']);
    expect(foreign).toEqual(['TZ', 'DATABASE_URL', 'the one in line 3']);
  });
});

describe('an environment file', () => {
  let folder: string;
  const file = (name: string, content: string | Buffer): string => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'product-env-file-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('keeps its first variable behind a byte order mark', () => {
    const { values } = readEnvFile(file('bom', '\uFEFFNODE_ENV=production\r\nPORT=80\r\n'), KNOWN);
    expect(Object.fromEntries(values)).toEqual({ NODE_ENV: 'production', PORT: '80' });
  });

  it.each<[string, string | Buffer]>([
    ['UTF-16', Buffer.from('\uFEFFPORT=80\n', 'utf16le')],
    ['UTF-16 without a mark', Buffer.from('PORT=80\n', 'utf16le')],
    ['Latin-1', Buffer.from('PORT=zwölf\n', 'latin1')],
    ['bytes', 'PORT=8\0'],
  ])('is refused as a whole in %s', (_, content) => {
    expect(readEnvFile(file('bytes', content), KNOWN)).toEqual({
      values: new Map(),
      faults: [{ variable: join(folder, 'bytes'), problem: expect.stringContaining('save it as UTF-8') }],
      foreign: [],
    });
  });

  it('may be missing, but not unreadable', () => {
    mkdirSync(join(folder, 'folder'));
    const locked = file('locked', 'PORT=80');
    chmodSync(locked, 0);
    expect(readEnvFile(join(folder, 'none'), KNOWN).faults).toEqual([]);
    expect(readEnvFile(join(folder, 'folder'), KNOWN).faults).toHaveLength(1);
    // Nothing is locked for root.
    expect(readEnvFile(locked, KNOWN).faults).toHaveLength(process.getuid?.() === 0 ? 0 : 1);
  });
});
