import { ApiProperty, PartialType } from '@nestjs/swagger';
import { ArrayMinSize, ArrayUnique, IsDate, IsIn, IsString, Matches, MaxLength } from 'class-validator';
import { OwnedRecordDto } from '../../platform/database/record.dto.js';
import { List, Nullable, Omittable } from '../../platform/validation/fields.js';
import { STATES, type Webhook, type WebhookStatus } from './webhook.schema.js';

const MAX_EVENTS = 50;
const MAX_URL = 2_048;

export class CreateWebhookDto {
  @ApiProperty({
    description: 'Must be public, with https on port 443, unless the operator allows more.',
    example: 'https://example.com/hooks',
  })
  @IsString()
  @MaxLength(MAX_URL)
  url!: string;

  @ApiProperty({
    description: 'Events to send: `tickets.created`, or `tickets.*`.',
    example: ['users.signed-in'],
  })
  @List(MAX_EVENTS)
  @ArrayMinSize(1)
  @ArrayUnique()
  @IsString({ each: true })
  @Matches(/^[a-z][a-z0-9-]{0,63}\.(?:[a-z][a-z-]{0,63}|\*)$/, { each: true })
  events!: string[];
}

export class UpdateWebhookDto extends PartialType(CreateWebhookDto, { skipNullProperties: false }) {
  @ApiProperty({ description: 'Events that occur while it is paused are not sent.', example: 'active' })
  @Omittable()
  @IsIn(['active', 'paused'])
  status?: 'active' | 'paused';
}

/** A webhook in responses. */
export class WebhookDto extends OwnedRecordDto {
  @ApiProperty({ example: 'https://example.com/hooks' })
  @IsString()
  url!: string;

  @ApiProperty({ example: ['users.signed-in'] })
  @List(MAX_EVENTS)
  @IsString({ each: true })
  events!: string[];

  @ApiProperty({
    description:
      '`paused`: by its owner, or after three days of failures. `ended`: its receiver answered 410.',
    example: 'active',
  })
  @IsIn(STATES)
  status!: WebhookStatus;

  @ApiProperty({
    description: 'Since when deliveries have been failing; null if the last attempt succeeded.',
    example: null,
  })
  @Nullable()
  @IsDate()
  failingSince!: Date | null;

  @ApiProperty({
    description: 'Until when the previous secret signs as well; null without one.',
    example: null,
  })
  @Nullable()
  @IsDate()
  previousSecretUntil!: Date | null;

  static from(this: void, webhook: Webhook): WebhookDto {
    const { url, events, status, failingSince = null, previousUntil = null } = webhook;
    return {
      ...OwnedRecordDto.of(webhook),
      url,
      events,
      status,
      failingSince,
      previousSecretUntil: previousUntil,
    };
  }
}

export class WebhookWithSecretDto extends WebhookDto {
  @ApiProperty({
    description: 'Signs deliveries as in Standard Webhooks. Shown only once.',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=',
  })
  @IsString()
  secret!: string;

  static withSecret(webhook: Webhook): WebhookWithSecretDto {
    return { ...WebhookDto.from(webhook), secret: webhook.secret };
  }
}
