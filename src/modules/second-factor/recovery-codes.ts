import { randomInt } from 'node:crypto';
import { digestOf } from '../../platform/crypto/digest.js';

/** Upper-case letters and digits without 0, 1, I and O, which are easily confused: five bits each. */
const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const CODES = 10;
/** 80 random bits: too many to try, even against a stolen hash. */
const LENGTH = 16;
const GROUPS = /.{4}(?=.)/g;

/** Single-use codes for signing in without the app, as they are shown: `7KQ2-M9XD-4HTR-B3WF`. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: CODES }, () => {
    const code = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
    return code.replaceAll(GROUPS, '$&-');
  });
}

/** The stored hash of a code, independent of its grouping. */
export function hashOf(code: string): string {
  return digestOf(code.replaceAll('-', ''));
}
