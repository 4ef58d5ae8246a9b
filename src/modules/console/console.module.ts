import { Module } from '@nestjs/common';
import { AuthModule } from '../auth/auth.module.js';
import { ConsolePages } from './console-pages.js';
import { ConsoleSessionController } from './console-session.controller.js';
import { ConsoleSessionService } from './console-session.service.js';
import { DeviceMarks } from './device-marks.js';

/** The pages for people, and the sessions of their browsers. */
@Module({
  imports: [AuthModule],
  controllers: [ConsoleSessionController],
  providers: [ConsolePages, ConsoleSessionService, DeviceMarks],
})
export class ConsoleModule {}
