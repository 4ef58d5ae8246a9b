import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { RecordsModule } from '../../platform/database/records.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { SessionsModule } from '../sessions/sessions.module.js';
import { UsersModule } from '../users/users.module.js';
import { Challenges } from './challenges.js';
import { PasskeyProofs } from './passkey-proofs.js';
import { PasskeySignIn } from './passkey-sign-in.js';
import { PasskeySignInController } from './passkey-sign-in.controller.js';
import { passkeys } from './passkey.schema.js';
import { PasskeysController } from './passkeys.controller.js';
import { PasskeysService } from './passkeys.service.js';
import { RelyingParty } from './relying-party.js';
import { UsedChallenge, UsedChallengeSchema } from './used-challenge.schema.js';

/** Signing in with passkeys (WebAuthn). */
@Module({
  imports: [
    MongooseModule.forFeature([{ name: UsedChallenge.name, schema: UsedChallengeSchema }]),
    RecordsModule.for(passkeys),
    AuthModule,
    SessionsModule,
    UsersModule,
  ],
  controllers: [PasskeySignInController, PasskeysController],
  providers: [Challenges, PasskeyProofs, PasskeySignIn, PasskeysService, RelyingParty],
})
export class PasskeysModule {}
