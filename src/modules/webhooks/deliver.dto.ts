import { IsInt, IsString } from 'class-validator';

export class DeliverDto {
  @IsString()
  webhookId!: string;

  @IsString()
  deliveryId!: string;

  /** The webhook's lane that handles the record. */
  @IsInt()
  lane!: number;
}
