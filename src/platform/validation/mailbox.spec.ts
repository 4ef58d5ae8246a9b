import { describe, expect, it } from '@jest/globals';
import { isMailbox, mailboxOf, olderFormsOf } from './mailbox.js';

const JOSE = 'josé@example.com';
const MUNICH = 'x@xn--mnchen-3ya.de';

describe('a mailbox', () => {
  it.each([
    ['  Ada@Example.COM ', 'ada@example.com'],
    ['jose\u0301@example.com', JOSE],
    ['JOSÉ@example.com', JOSE],
    ['JOSE\u0301@EXAMPLE.com', JOSE],
    ['x@münchen.de', MUNICH],
    ['x@mu\u0308nchen.de', MUNICH],
    ['x@MÜNCHEN.de', MUNICH],
    ['X@XN--MNCHEN-3YA.DE', MUNICH],
    ['x@ｅｘａｍｐｌｅ.com', 'x@example.com'],
    ['x@münchen。de', MUNICH],
    ['x@faß.de', 'x@xn--fa-hia.de'],
    ['\u212aelvin@example.com', 'kelvin@example.com'],
    ['\u212bngstro\u0308m@example.com', 'ångström@example.com'],
    ['İ@example.com', 'i\u0307@example.com'],
    ['ẞ@example.com', 'ß@example.com'],
    ['가@example.com', '\uac00@example.com'],
    ['\u1112\u1161\u11ab@example.com', '한@example.com'],
  ])('has one form: %j is %j', (typed, form) => {
    expect(mailboxOf(typed)).toBe(form);
    expect(mailboxOf(form)).toBe(form);
    expect(isMailbox(form)).toBe(true);
  });

  it.each([
    ['ß@example.com', 'ss@example.com'],
    ['ı@example.com', 'i@example.com'],
    ['x@faß.de', 'x@fass.de'],
    ['a.b@example.com', 'ab@example.com'],
    ['a+b@example.com', 'a@example.com'],
  ])('is not another one that a mail server tells from it: %j, %j', (one, other) => {
    expect(mailboxOf(one)).not.toBe(mailboxOf(other));
  });

  it.each(['x@münchen.de/path', 'x@münchen.de:80', 'x@%6dünchen.de', 'x@mün chen.de', '@', 'x@ü', 'x'])(
    'is not made of what is no address: %j',
    (text) => {
      expect(isMailbox(mailboxOf(text))).toBe(false);
    },
  );

  it.each(['\u200b', '\u3164', '\ufe0f', '\u{e0041}', '\u2800', '\u202e', '\u00ad'])(
    'holds nothing that nobody sees: %j',
    (hidden) => {
      expect(isMailbox(mailboxOf(`ada${hidden}@example.com`))).toBe(false);
    },
  );

  it('takes no time for a long text', () => {
    const text = `${'e\u0301'.repeat(200_000)}@example.com`;
    expect(mailboxOf(text)).toBe(text);
  });

  it('knows under which forms it may have been stored', () => {
    expect(olderFormsOf('ada@example.com')).toEqual([]);
    expect(olderFormsOf('é@xn--mnchen-3ya.de')).toEqual(
      expect.arrayContaining(['é@münchen.de', 'e\u0301@münchen.de', 'e\u0301@xn--mnchen-3ya.de']),
    );
  });
});
