import { createHash, randomUUID } from 'node:crypto';
import type { OrganizationRole } from '../../src/platform/access/memberships.js';
import { mailTo, outboxOf } from './mails.js';
import type { TestApp } from './test-app.js';
import type { Answer, TestClient } from './test-client.js';
import { ME } from './users.js';

export const ORGANIZATIONS = '/api/v1/organizations';
export const INVITATIONS = '/api/v1/invitations';

/** The same caller, who works in an organization. */
export function within(caller: TestClient, organization: string): TestClient {
  return caller.with({ 'x-organization-id': organization });
}

/** An organization that the caller owns, by id. */
export async function newOrganization(owner: TestClient, name = `Org ${randomUUID()}`): Promise<string> {
  const { status, body, text } = await owner.post(ORGANIZATIONS, { name });
  if (status !== 201) throw new Error(`No organization: ${text}`);
  return body.data.id as string;
}

export async function addressOf(caller: TestClient): Promise<string> {
  return (await caller.get(ME)).body.data.email as string;
}

/** Invites somebody, and answers the token of the mail. */
export async function invite(
  test: TestApp,
  admin: TestClient,
  organization: string,
  invited: TestClient,
  role: OrganizationRole,
): Promise<string> {
  const email = await addressOf(invited);
  const { status, text } = await admin.post(`${ORGANIZATIONS}/${organization}/invitations`, { email, role });
  if (status !== 201) throw new Error(`Not invited: ${text}`);
  const stored = await test.connection.collection('organization_invitations').findOne({ email });
  const isLast = (token: string) =>
    createHash('sha256').update(token).digest('base64url') === stored?.['tokenHash'];
  const mails = async () =>
    (await outboxOf(test.config)).filter(({ link, token }) => link.includes('/invitation#') && isLast(token));
  return (await mailTo(email, mails)).token;
}

export function accept(invited: TestClient, token: string): Promise<Answer> {
  return invited.post(`${INVITATIONS}/accept`, { token });
}

/** Somebody new with a role in an organization. */
export async function newMember(
  test: TestApp,
  admin: TestClient,
  organization: string,
  role: OrganizationRole,
): Promise<TestClient> {
  const member = await test.anonymous.signIn();
  const { status, text } = await accept(member, await invite(test, admin, organization, member, role));
  if (status !== 200) throw new Error(`Not joined: ${text}`);
  return member;
}

/** Somebody new who is invited to an organization of the admin's, and what the link of the mail brings. */
export async function newInvited(
  test: TestApp,
  admin: TestClient,
): Promise<{ readonly caller: TestClient; readonly body: { readonly token: string } }> {
  const caller = await test.anonymous.signIn();
  return {
    caller,
    body: { token: await invite(test, admin, await newOrganization(admin), caller, 'member') },
  };
}

/** What answers invitations in the examples of the document. */
export function invitationExamples<T>(invited: () => T): Record<string, () => T> {
  return { acceptInvitation: invited, declineInvitation: invited };
}
