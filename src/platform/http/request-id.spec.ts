import { describe, expect, it } from '@jest/globals';
import { requestIdOf } from './request-id.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const idFor = (sent: string | string[] | undefined) =>
  requestIdOf({ headers: { ...(sent !== undefined && { 'x-request-id': sent }) } });

describe('the id of a request', () => {
  it.each(['a', 'A-Z.a_z-09', 'x'.repeat(64)])('is the one that was sent: %s', (sent) => {
    expect(idFor(sent)).toBe(sent);
  });

  it.each([undefined, '', 'x'.repeat(65), 'a b', 'a\n', 'a\r\nx: y', 'é', 'a/b', '{"a":1}', ['a', 'b']])(
    'is a new one instead of %j',
    (sent) => {
      expect(idFor(sent)).toMatch(UUID);
      expect(idFor(sent)).not.toBe(idFor(sent));
    },
  );
});
