import { Module } from '@nestjs/common';
import { Names } from './names.js';
import { Outbound } from './outbound.js';

/** Requests to addresses that users choose. A feature that sends some imports it. */
@Module({ providers: [Names, Outbound], exports: [Outbound] })
export class OutboundModule {}
