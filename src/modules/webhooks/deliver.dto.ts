import { IsInt, IsString } from 'class-validator';

export class DeliverDto {
  @IsString()
  webhookId!: string;

  @IsString()
  deliveryId!: string;

  /** Which of the webhook's lanes its record is in. */
  @IsInt()
  lane!: number;
}
