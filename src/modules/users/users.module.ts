import { Module } from '@nestjs/common';
import { RecordsModule } from '../../platform/database/records.module.js';
import { MailLinksModule } from '../mail-links/mail-links.module.js';
import { SecondFactorModule } from '../second-factor/second-factor.module.js';
import { Administrators } from './administrators.js';
import { BearerKinds } from './bearer-kinds.js';
import { FirstAdministrator } from './first-administrator.js';
import { formerAddresses } from './former-address.schema.js';
import { FormerAddresses } from './former-addresses.js';
import { IdentityProof } from './identity-proof.js';
import { Mailboxes } from './mailboxes.js';
import { PasswordHasher } from './password-hasher.js';
import { UserAddresses } from './user-addresses.js';
import { users } from './user.schema.js';
import { UserPasswords } from './user-passwords.js';
import { UsersController } from './users.controller.js';
import { UsersService } from './users.service.js';
import { Roles } from './roles.js';

/** Who may sign in, and with which role. */
@Module({
  imports: [RecordsModule.for(users, formerAddresses), MailLinksModule, SecondFactorModule],
  controllers: [UsersController],
  providers: [
    UsersService,
    Mailboxes,
    PasswordHasher,
    UserPasswords,
    UserAddresses,
    FormerAddresses,
    IdentityProof,
    Administrators,
    Roles,
    BearerKinds,
    FirstAdministrator,
  ],
  exports: [BearerKinds, UsersService, UserPasswords, UserAddresses, FormerAddresses, IdentityProof],
})
export class UsersModule {}
