import { randomInt } from 'node:crypto';
import { digestOf } from '../../platform/crypto/digest.js';

/** Upper-case letters and digits but 0, 1, I and O, which people take for each other: five bits each. */
const ALPHABET = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ';
const CODES = 10;
/** 80 random bits: nobody can try so many, not even against a stolen hash. */
const LENGTH = 16;
const GROUPS = /.{4}(?=.)/g;

/** Codes that sign in once each without the app, as people keep them: `7KQ2-M9XD-4HTR-B3WF`. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: CODES }, () => {
    const code = Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
    return code.replaceAll(GROUPS, '$&-');
  });
}

/** What is kept of a code, however it is grouped. */
export function hashOf(code: string): string {
  return digestOf(code.replaceAll('-', ''));
}
