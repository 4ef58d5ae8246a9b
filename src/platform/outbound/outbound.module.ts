import { Module } from '@nestjs/common';
import { Names } from './names.js';
import { Outbound } from './outbound.js';

/** Requests to URLs that users choose. Features that send such requests import it. */
@Module({ providers: [Names, Outbound], exports: [Outbound] })
export class OutboundModule {}
