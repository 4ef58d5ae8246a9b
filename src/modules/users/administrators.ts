import { Injectable } from '@nestjs/common';
import { InjectModel } from '@nestjs/mongoose';
import type { Model } from 'mongoose';
import type { Transaction } from '../../platform/database/transactions.js';
import { apiError } from '../../platform/errors/errors.js';
import type { UpdateUserDto } from './user.dto.js';
import { User } from './user.schema.js';
import { UserErrors } from './user.errors.js';

/** Ensures that there is always an administrator. */
@Injectable()
export class Administrators {
  constructor(@InjectModel(User.name) private readonly model: Model<User>) {}

  /**
   * To be called before revoking a user's rights: there must be another administrator. Only in a transaction that has
   * locked `administrators`, which serializes concurrent calls.
   * @throws ApiError LAST_ADMIN
   */
  async requireAnother(id: string, { session }: Transaction): Promise<void> {
    const found = await this.model
      .find({ role: 'admin', disabled: false }, { _id: 1 })
      .limit(2)
      .session(session)
      .lean();
    const [only] = found.length === 1 ? found : [];
    if (only?._id.equals(id)) throw apiError(UserErrors.LAST_ADMIN);
  }

  async exist(): Promise<boolean> {
    return (await this.model.exists({ role: 'admin' })) !== null;
  }
}

/** Whether a change may take an administrator's rights away. */
export function takesRights({ role, disabled }: Pick<UpdateUserDto, 'role' | 'disabled'>): boolean {
  return (role !== undefined && role !== 'admin') || disabled === true;
}
