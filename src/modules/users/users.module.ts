import { Module } from '@nestjs/common';
import { Standings } from '../../platform/access/standings.js';
import { RecordsModule } from '../../platform/database/records.module.js';
import { AccountMails } from './account-mails.js';
import { Administrators } from './administrators.js';
import { BearerKinds } from './bearer-kinds.js';
import { FirstAdministrator } from './first-administrator.js';
import { IdentityProof } from './identity-proof.js';
import { Mailboxes } from './mailboxes.js';
import { PasswordHasher } from './password-hasher.js';
import { SecondFactors } from './second-factors.js';
import { UserAddresses } from './user-addresses.js';
import { users } from './user.schema.js';
import { UserPasswords } from './user-passwords.js';
import { UsersController } from './users.controller.js';
import { UserStandings } from './user-standings.js';
import { UsersService } from './users.service.js';
import { Roles } from './roles.js';
import { WaysIn } from './ways-in.js';

/** Who may sign in, and with which role. */
@Module({
  imports: [RecordsModule.for(users)],
  controllers: [UsersController],
  providers: [
    UsersService,
    Mailboxes,
    PasswordHasher,
    UserPasswords,
    UserAddresses,
    IdentityProof,
    Administrators,
    Roles,
    BearerKinds,
    SecondFactors,
    AccountMails,
    FirstAdministrator,
    WaysIn,
    { provide: Standings, useClass: UserStandings },
  ],
  exports: [
    BearerKinds,
    SecondFactors,
    AccountMails,
    Mailboxes,
    UsersService,
    UserPasswords,
    UserAddresses,
    IdentityProof,
    WaysIn,
    Standings,
  ],
})
export class UsersModule {}
