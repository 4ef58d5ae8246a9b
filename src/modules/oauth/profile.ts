import { validatorOf } from '../../platform/validation/compile.js';
import { EmailAddress, Name } from '../../platform/validation/fields.js';

/** A person's profile from a validated response of a provider. */
export interface Profile {
  readonly issuer: string;
  readonly subject: string;
  readonly email?: string | undefined;
  /** Whether the provider has verified the address. */
  readonly isEmailVerified: boolean;
  readonly name?: string | undefined;
  /** When the person last signed in there, in milliseconds since 1970. */
  readonly provenAt?: number | undefined;
}

class Person {
  @EmailAddress()
  email!: string;
}

class Named {
  @Name(100)
  name!: string;
}

const validatePerson = validatorOf(Person);
const validateName = validatorOf(Named);

/** The address of a profile in the one form of its mailbox; undefined unless the provider has verified it. */
export function verifiedEmailOf({ email, isEmailVerified }: Profile): string | undefined {
  return isEmailVerified ? validatePerson({ email }).value?.email : undefined;
}

/** The name of a profile, if it can be one here. */
export function nameOf({ name }: Profile): string | undefined {
  return validateName({ name }).value?.name;
}
