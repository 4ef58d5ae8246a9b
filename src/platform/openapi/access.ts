import type { Access } from '../access/access.js';
import { ORGANIZATION_HEADER } from '../access/chosen-owner.js';
import { ORGANIZATION_NOT_FOUND } from '../access/memberships.js';
import type { StepUpRule } from '../access/step-up.js';
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

function sentenceOf({ fields = [], unless, secondFactor, apiKeys, verified }: StepUpRule): string {
  const names = fields.map((field) => `\`${field}\``).join(' and ');
  let where = 'You need';
  if (names) where = `To change ${names}, you need`;
  if (unless) where = `Without \`${unless}\`, you need`;
  if (secondFactor) where = 'With a second factor, you need';
  const address = verified ? ' and a verified email address' : '';
  const keys = apiKeys ? ' API keys need the permission, given to them by name, instead.' : '';
  return `${where} to have signed in or used \`POST /api/v1/auth/step-up\` within the last 10 minutes${address}.${keys}`;
}

/** Whether an operation works in an organization where the request chooses one. */
function isOrganizational({ 'x-access': access, 'x-organizational': takesScope }: Operation): boolean {
  return takesScope === true && (access?.kind === 'signed-in' || access?.kind === 'owner-or');
}

function describeOrganization(operation: Operation): void {
  operation.parameters = [
    ...(operation.parameters ?? []),
    {
      name: ORGANIZATION_HEADER,
      in: 'header',
      required: false,
      description: 'Works on the records of this organization instead of your own. You must be a member.',
      // Without an example: Swagger UI would send it with every request.
      schema: { type: 'string', pattern: '^[0-9a-fA-F]{24}$' },
    },
  ];
  operation['x-errors'] = [...(operation['x-errors'] ?? []), ORGANIZATION_NOT_FOUND];
}

/** Documents who may use an operation, public ones included. */
export function describeAccess(operation: Operation): void {
  operation.security ??= [];
  if (isOrganizational(operation)) describeOrganization(operation);
  const access = operation['x-access'];
  const stepUp = operation['x-step-up'];
  const sentences = [operation.description, access && sentenceFor(access), stepUp && sentenceOf(stepUp)];
  const description = sentences.filter(Boolean).join(' ');
  if (description) operation.description = description;
}

/** Whether the server may answer 403 because of a missing permission; another's record is a 404. */
export function mayForbid(operation: Operation): boolean {
  const access = operation['x-access'];
  if (isOrganizational(operation)) return true;
  if (access?.kind === 'signed-in') return access.apiKeys === false;
  return access?.kind === 'permission' || (access?.kind === 'owner-or' && access.parameter !== undefined);
}
