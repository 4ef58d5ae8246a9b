import {
  AuthenticatorEmulator,
  PasskeysCredentialsMemoryRepository,
  WebAuthnEmulator,
  type AuthenticationResponseJSON,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
} from 'nid-webauthn-emulator';
import { Types } from 'mongoose';
import type { Sender } from './feature-bodies.js';
import { ORIGIN } from './oauth.js';
import type { TestApp } from './test-app.js';
import type { Answer, TestClient } from './test-client.js';

export const PASSKEYS = '/api/v1/auth/passkeys';
export const PASSKEY_LOGIN = '/api/v1/auth/login/passkey';
export const PASSKEY_STEP_UP = '/api/v1/auth/step-up/passkey';

/** Where a server without PUBLIC_URL takes passkeys. */
export const LOCALHOST = 'http://localhost:3002';

type Settings = ConstructorParameters<typeof AuthenticatorEmulator>[0];

/** A device of somebody who makes passkeys, and the browser that asks it (nid-webauthn-emulator). */
export class PasskeyDevice {
  private readonly emulator: WebAuthnEmulator;

  constructor(settings: Settings = {}) {
    this.emulator = new WebAuthnEmulator(
      new AuthenticatorEmulator({
        credentialsRepository: new PasskeysCredentialsMemoryRepository(),
        ...settings,
      }),
    );
  }

  /** What registering sends. */
  async made(client: Sender, origin = ORIGIN): Promise<RegistrationResponseJSON> {
    const { body } = await client.post(`${PASSKEYS}/options`, undefined);
    if (!body.success) throw new Error(`No options: ${JSON.stringify(body)}`);
    return this.make(body.data.publicKey as PublicKeyCredentialCreationOptionsJSON, origin);
  }

  make(options: PublicKeyCredentialCreationOptionsJSON, origin = ORIGIN): RegistrationResponseJSON {
    return this.emulator.createJSON(origin, options);
  }

  async register(client: TestClient, name?: string): Promise<Answer> {
    return client.post(PASSKEYS, {
      credential: await this.made(client),
      ...(name !== undefined && { name }),
    });
  }

  /** What signing in sends. */
  async shown(client: TestClient, origin = ORIGIN): Promise<AuthenticationResponseJSON> {
    const { body } = await client.post(`${PASSKEY_LOGIN}/options`);
    return this.show(body.data.publicKey as PublicKeyCredentialRequestOptionsJSON, origin);
  }

  show(options: PublicKeyCredentialRequestOptionsJSON, origin = ORIGIN): AuthenticationResponseJSON {
    return this.emulator.getJSON(origin, options);
  }

  async signIn(client: TestClient): Promise<Answer> {
    return client.post(PASSKEY_LOGIN, { credential: await this.shown(client) });
  }
}

/** What a page of another origin would have got. */
export function changed<T extends { response: { clientDataJSON: string } }>(
  credential: T,
  origin?: string,
): T {
  if (origin === undefined) return credential;
  const data = JSON.parse(Buffer.from(credential.response.clientDataJSON, 'base64url').toString()) as object;
  const clientDataJSON = Buffer.from(JSON.stringify({ ...data, origin })).toString('base64url');
  return { ...credential, response: { ...credential.response, clientDataJSON } };
}

/** A caller who has proved who it is long ago. Nothing has asked for its session before, so nothing remembers it. */
export async function aged({ connection }: TestApp, client: TestClient): Promise<TestClient> {
  const [, claims = ''] = String(client.headers['authorization']).split('.');
  const { sid } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { sid: string };
  const past = { $set: { provenAt: new Date(0) } };
  await connection.collection('sessions').updateOne({ _id: new Types.ObjectId(sid) }, past);
  return client;
}
