import type { Access } from '../security/access.js';
import type { Operation } from './operation.js';

function sentenceFor(access: Access): string | undefined {
  if (access.kind === 'signed-in' && access.apiKeys === false) return 'Not with an API key.';
  if (access.kind === 'permission') return `Needs the permission \`${access.permission}\`.`;
  if (access.kind !== 'owner-or') return undefined;
  const { parameter, permission } = access;
  return parameter === undefined
    ? `Without the permission \`${permission}\` only your own.`
    : `Without \`${parameter}\` your own; sending it needs the permission \`${permission}\`.`;
}

/** Says who may use an operation. Public ones say so too, instead of leaving it open. */
export function describeAccess(operation: Operation): void {
  operation.security ??= [];
  const access = operation['x-access'];
  const sentence = access && sentenceFor(access);
  if (sentence) operation.description = [operation.description, sentence].filter(Boolean).join(' ');
}

/** Whether the server may answer 403 because of a missing permission; another's record is a 404. */
export function mayForbid({ 'x-access': access }: Operation): boolean {
  if (access?.kind === 'signed-in') return access.apiKeys === false;
  return access?.kind === 'permission' || (access?.kind === 'owner-or' && access.parameter !== undefined);
}
