import { ApiProperty } from '@nestjs/swagger';
import { IsDate, IsIn, IsInt, IsOptional, IsString, Matches } from 'class-validator';
import { Nullable, RecordId } from '../../platform/validation/fields.js';
import { PageQuery } from '../../platform/validation/page-query.js';
import { DELIVERY_STATES, type DeliveryStatus, type WebhookDelivery } from './delivery.schema.js';

export class DeliveryParams {
  @ApiProperty({ description: 'Id of the webhook.', example: '66f1a0c2e4b0a1b2c3d4e5f6' })
  @RecordId()
  id!: string;

  @ApiProperty({ description: 'Id of the delivery.', example: '66f1a0c2e4b0a1b2c3d4e5f8' })
  @RecordId()
  deliveryId!: string;
}

export class ListDeliveriesQuery extends PageQuery {
  @ApiProperty({ description: 'Only with this status.', example: 'failed' })
  @IsOptional()
  @IsIn(DELIVERY_STATES)
  status?: DeliveryStatus;
}

/** An event for a webhook, and the result of its delivery. */
export class DeliveryDto {
  @ApiProperty({ example: '66f1a0c2e4b0a1b2c3d4e5f8' })
  @RecordId()
  id!: string;

  @ApiProperty({
    description: 'Sent as `webhook-id`; the same for every attempt.',
    example: 'msg_66f1a0c2e4b0a1b2c3d4e5f9',
  })
  @Matches(/^msg_[0-9a-f]{24}$/)
  eventId!: string;

  @ApiProperty({ example: 'users.signed-in' })
  @IsString()
  event!: string;

  @ApiProperty({ example: 'users/66f1a0c2e4b0a1b2c3d4e5f6' })
  @IsString()
  record!: string;

  @ApiProperty({ example: 'delivered' })
  @IsIn(DELIVERY_STATES)
  status!: DeliveryStatus;

  @ApiProperty({ example: 1 })
  @IsInt()
  attempts!: number;

  @ApiProperty({ description: 'Status of the last response; null without one.', example: 200 })
  @Nullable()
  @IsInt()
  responseStatus!: number | null;

  @ApiProperty({ description: 'The first 500 characters of that response.', example: 'ok' })
  @Nullable()
  @IsString()
  responseBody!: string | null;

  @ApiProperty({ description: 'Why there was no response.', example: 'The address did not answer in time' })
  @Nullable()
  @IsString()
  error!: string | null;

  @ApiProperty({ description: 'How long the last attempt took, in milliseconds.', example: 84 })
  @Nullable()
  @IsInt()
  durationMs!: number | null;

  @ApiProperty({ example: '2026-11-22T10:00:00.000Z' })
  @IsDate()
  createdAt!: Date;

  @ApiProperty({ example: '2026-11-22T10:00:00.000Z' })
  @Nullable()
  @IsDate()
  lastAttemptAt!: Date | null;

  @ApiProperty({ example: null })
  @Nullable()
  @IsDate()
  nextAttemptAt!: Date | null;

  static from(this: void, delivery: WebhookDelivery): DeliveryDto {
    const { _id, eventId, event, record, status, attempts, outcome, createdAt } = delivery;
    const { lastAttemptAt = null, nextAttemptAt = null } = delivery;
    return {
      id: _id.toHexString(),
      eventId,
      event,
      record,
      status,
      attempts,
      responseStatus: outcome?.status ?? null,
      responseBody: outcome?.body ?? null,
      error: outcome?.error ?? null,
      durationMs: outcome?.durationMs ?? null,
      createdAt,
      lastAttemptAt,
      nextAttemptAt,
    };
  }
}
