import { describe, expect, it } from '@jest/globals';
import type { Kind, Mode } from './env.js';
import {
  bytes,
  email,
  host,
  integer,
  issuedKey,
  line,
  mailbox,
  mailServer,
  oneOf,
  origins,
  password,
  proxies,
  redisServer,
  secretOf,
  site,
  url,
} from './kinds.js';

function refusalOf(kind: Kind<unknown>, text: string, mode: Mode = 'production'): string {
  try {
    return `accepted as ${JSON.stringify(kind.parse(text, mode))}`;
  } catch (error) {
    return (error as Error).message;
  }
}

type Case = [name: string, text: string, kind: Kind<unknown>, expected: unknown];

const takes = (name: string, kind: Kind<unknown>, ...texts: [string, unknown][]): Case[] =>
  texts.map(([text, value]) => [name, text, kind, value]);

const refuses = (name: string, kind: Kind<unknown>, reason: string, ...texts: string[]): Case[] =>
  texts.map((text) => [name, text, kind, reason]);

const accepted = [
  takes('an integer', integer(0, 65535), ['0', 0], ['65535', 65535], ['0080', 80]),
  takes('one of', oneOf('open', 'closed'), ['closed', 'closed']),
  takes('a line', line(), ['Zwölf Löwen', 'Zwölf Löwen']),
  takes('a host', host(), ['127.0.0.1', '127.0.0.1'], ['::', '::'], ['db-1.internal', 'db-1.internal']),
  takes('an e-mail address', email(), ['ada@example.com', 'ada@example.com']),
  takes(
    'a mailbox',
    mailbox(),
    ['ada@example.com', 'ada@example.com'],
    ['Ada <ada@example.com>', 'Ada <ada@example.com>'],
  ),
  takes('bytes', bytes(1024, 2048), ['1024', 1024], ['1500B', 1500], ['2 KiB', 2048]),
  takes('bytes', bytes(1024, 1024 * 1024), ['1MiB', 1024 * 1024]),
  takes('an address', url('https', 'http'), ['https://a.test/path', 'https://a.test/path']),
  takes(
    'a Redis',
    redisServer(),
    ['rediss://cache:6379/1', 'rediss://cache:6379/1'],
    ['redis://:a%20b@[::1]', 'redis://:a%20b@[::1]'],
  ),
  takes('origins', origins(), ['https://a.test, http://b.test:81', ['https://a.test', 'http://b.test:81']]),
  takes(
    'a site',
    site(),
    ['https://example.com/backend/', 'https://example.com/backend'],
    ['https://Example.com:443/a.b/~c_1', 'https://example.com/a.b/~c_1'],
    ['https://App.Example.com/', 'https://app.example.com'],
    ['http://127.0.0.1:3002', 'http://127.0.0.1:3002'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
  ),
  takes(
    'a mail server',
    mailServer(),
    ['smtp://mail.test', 'smtp://mail.test'],
    ['smtps://a%40b:p%2Fw@mail.test:465/', 'smtps://a%40b:p%2Fw@mail.test:465/'],
  ),
  takes(
    'proxies',
    proxies(),
    ['1', 1],
    ['10', 10],
    ['10.0.0.0/8, fd00::/8, 192.0.2.1', ['10.0.0.0/8', 'fd00::/8', '192.0.2.1']],
  ),
  takes('a secret', secretOf(16), ['Vq7.mK2xT9-bL4wZ', 'Vq7.mK2xT9-bL4wZ'], ['äöüÄÖÜßéè•', 'äöüÄÖÜßéè•']),
  takes('an issued key', issuedKey(), ['sk-proj-T9bL4wZ', 'sk-proj-T9bL4wZ']),
  takes(
    'a password',
    password(),
    ['correct horse battery', 'correct horse battery'],
    ['x7!kQp2é', 'x7!kQp2é'],
  ),
].flat();

const port = ['-1', '65536', '80.0', '1e3', '0x50', ' 80', '80 ', '٣', '99999999999999999999', ''];
const sizes = ['1023', '2049', '1 kb', '1.5 KiB', '1  KiB', '-2 KiB', '1 GiB', 'KiB', '9999999999'];
const badOrigins = ['*', 'null', 'https://a.test/', 'https://a.test/path', 'a.test', 'https://A.test'];
const notOneSite = [
  'https://a.test//path',
  'https://a.test/a/../b',
  'https://a.test/.',
  'https://a.test/%2e%2e',
  'https://a.test/a b',
  'https://a.test/a\\b',
  'https://a.test/?',
  'https://a.test#',
  'https://user@a.test',
  'https://a.test, https://b.test',
  'ftp://a.test',
  'a.test',
];
const notMailServers = [
  'https://mail.test',
  'smtp://',
  'smtp://mail.test/?tls.rejectUnauthorized=false',
  'smtp://mail.test?logger=true',
  'smtp://mail.test/path',
  'smtp://a:%zz@mail.test',
  'smtp://mail.test:port',
];
const networks = [
  '0.0.0.0/0',
  '::/0',
  '10.0.0.0/33',
  'fd00::/129',
  '10.0.0.0/8/8',
  '10.0.0.0/',
  '10.0.0.0/8,',
];
const samples = [
  'your-super-secret-jwt-token-Vq7mK2',
  'change_me_please_Vq7mK2xT9bL4wZ8',
  'my-jwt-secret-Vq7mK2xT9bL4wZ8pH3',
  'dev_secret_Vq7mK2xT9bL4wZ8pH3',
  'PASSWORD-Vq7mK2xT9bL4wZ8pH3',
  '0123456789Vq7mK2xT9bL4wZ8pH3',
  '<Vq7mK2xT9bL4wZ8pH3rN6sD1fG5>',
  'aabbccaabbccaabbccaabbccaabbcc',
];
const guessed = ['password', 'Passw0rd1', 'changeme', 'CHANGE-ME123', '12345678', 'your-password'];

const notRedis = [
  'redis:',
  'redis://',
  'http://cache:6379',
  'redis://cache:6379/cache',
  'redis://cache:6379?db=1',
  'redis://:%zz@cache',
  'redis://cache:port',
  'redis://a b',
];

const refused = [
  refuses('an integer', integer(0, 65535), 'from 0 to 65535', ...port),
  refuses('one of', oneOf('open', 'closed'), 'one of open, closed', 'Open', 'opened'),
  refuses('a line', line(), 'without control characters', 'two\nlines', 'a\u007f'),
  refuses('a host', host(), 'host name', 'a b', '-a', 'a-', 'http://a', '[::1]', '1.2.3.4/8', 'a\n'),
  refuses('a site', site(), 'without query or fragment', ...notOneSite),
  refuses('a mail server', mailServer(), 'smtps://', ...notMailServers),
  refuses('an e-mail address', email(), 'e-mail address', 'ada', 'Ada <ada@example.com>'),
  refuses('a mailbox', mailbox(), 'e-mail address', 'Ada', '<ada>'),
  refuses('bytes', bytes(1024, 2048), 'a size from', ...sizes),
  refuses('an address', url('https', 'http'), 'https:// or http://', 'ftp://a.test', 'https://', 'a.test'),
  refuses('a Redis', redisServer(), 'rediss://', ...notRedis),
  refuses(
    'origins',
    origins(),
    'exact origins as browsers send them',
    ...badOrigins,
    'ftp://a.test',
    'https://a.test,',
    'https://a:443',
    'https://*.example.com',
    'https://app.example.com, https://*',
    'https://app.example.com/',
    'https://app.example.com/path',
    'https://App.example.com',
    'HTTPS://app.example.com',
    'https://user@app.example.com',
    'https://app.example.com?x',
    'https://app.example.com#x',
    'http://app.example.com:80',
    'https://bücher.example',
    'https://(.*).example.com',
    'https://app!.example.com',
    'app.example.net',
    '//app.example.net',
    'null',
    '*',
  ),
  refuses('proxies', proxies(), 'number of proxies', 'true', '0', '11', 'a', ...networks),
  refuses('a secret', secretOf(16), 'at least 16 bytes', 'Vq7.mK2xT9-bL4w'),
  refuses('a secret', secretOf(16), 'no sample', ...samples),
  refuses('an issued key', issuedKey(), 'no placeholder', 'your_openai_api_key', '<key>'),
  refuses('an issued key', issuedKey(), 'without spaces', 'two words', 'a\nb'),
  refuses('a password', password(), 'longer than or equal to 8', 'x7!kQp2', '\u0007x7!kQp'),
  refuses('a password', password(), 'longer than 72 bytes', `x7!kQp2${'é'.repeat(33)}`),
  refuses('a password', password(), 'most common', ...guessed, '<admin password>'),
].flat();

describe('a kind of variable', () => {
  it.each(accepted)('that is %s takes %j', (_name, text, kind, value) => {
    expect(kind.parse(text, 'production')).toEqual(value);
  });

  it.each(refused)('that is %s refuses %j and does not repeat it', (_name, text, kind, reason) => {
    const refusal = refusalOf(kind, text);
    expect(refusal).toMatch(/^must (?:not )?be /);
    expect(refusal).toContain(reason);
    // Shorter texts occur in any sentence.
    if (text.length > 12) expect(refusal).not.toContain(text);
  });

  it('may allow more in one mode than in another', () => {
    const rounds = integer((mode) => (mode === 'test' ? 4 : 10), 15);
    expect(rounds.parse('4', 'test')).toBe(4);
    expect(refusalOf(rounds, '4', 'development')).toBe('must be an integer from 10 to 15');
    expect(refusalOf(rounds, '3', 'test')).toContain('must be');
  });
});
