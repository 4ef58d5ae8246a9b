import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import { PasswordHasher } from './password-hasher.js';
import { requireStrongPassword } from './password-rules.js';
import { User } from './user.schema.js';

/**
 * Gives users other passwords. The version of a user stays: nothing that anybody sees has changed, and an
 * administrator who has read the user can still change it.
 */
@Injectable()
export class UserPasswords {
  constructor(
    @InjectModel(User.name) private readonly model: Model<User>,
    private readonly hasher: PasswordHasher,
  ) {}

  /**
   * The hash of a password that may be chosen.
   * @param email of the user, in lower case
   * @param field that the client sent it in, for the error
   * @throws ApiError WEAK_PASSWORD, OVERLOADED
   */
  async hash(password: string, email: string, field: string): Promise<string> {
    requireStrongPassword(password, email, field);
    return this.hasher.hash(password);
  }

  /** Sets it unless the user has got another password since it was read. */
  async replace({ _id, passwordHash: old }: User, passwordHash: string): Promise<boolean> {
    if (old === undefined) return false;
    const { matchedCount } = await this.model.updateOne(
      { _id, passwordHash: old },
      { passwordHash },
      { timestamps: false },
    );
    return matchedCount === 1;
  }
}
