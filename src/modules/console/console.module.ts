import { Module } from '@nestjs/common';
import { HealthModule } from '../../platform/monitoring/health.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { UsersModule } from '../users/users.module.js';
import { ConsoleServer } from './console-server.js';
import { ConsoleSessionController } from './console-session.controller.js';
import { ConsoleSessionService } from './console-session.service.js';
import { ConsoleUsersController } from './console-users.controller.js';
import { ConsoleUsers } from './console-users.js';
import { OutboxMails } from './outbox-mails.js';
import { DeviceMarks } from './device-marks.js';
import { ConsoleFeatures } from './features.js';
import { SystemSamples } from './system-samples.js';

/** The pages for people, and the sessions of their browsers. */
@Module({
  imports: [AuthModule, HealthModule, UsersModule],
  controllers: [ConsoleSessionController, ConsoleUsersController],
  providers: [
    ConsoleFeatures,
    ConsoleServer,
    ConsoleSessionService,
    ConsoleUsers,
    DeviceMarks,
    SystemSamples,
    OutboxMails,
  ],
})
export class ConsoleModule {}
