import { Module } from '@nestjs/common';
import { MongooseModule } from '@nestjs/mongoose';
import { RefreshTokens } from './refresh-tokens.js';
import { RefreshService } from './refresh.service.js';
import { Session, SessionSchema } from './session.schema.js';
import { SessionsController } from './sessions.controller.js';
import { SessionsService } from './sessions.service.js';

/** Who is signed in where, kept alive by refresh tokens and ended at once. */
@Module({
  imports: [MongooseModule.forFeature([{ name: Session.name, schema: SessionSchema }])],
  controllers: [SessionsController],
  providers: [SessionsService, RefreshService, RefreshTokens],
  exports: [SessionsService, RefreshService],
})
export class SessionsModule {}
