import { Type } from 'class-transformer';
import { IsBoolean, IsOptional, IsString, ValidateNested } from 'class-validator';

export class AddresseeDto {
  @IsString()
  name!: string;

  @IsString()
  address!: string;
}

/** A mail as it was composed. */
export class SendMailDto {
  @IsString()
  kind!: string;

  @IsString()
  userId!: string;

  @ValidateNested()
  @Type(() => AddresseeDto)
  to!: AddresseeDto;

  @IsString()
  subject!: string;

  @IsString()
  text!: string;

  @IsOptional()
  @IsBoolean()
  isNotice?: boolean;

  /** Of the request that asked for it; empty if none did. */
  @IsString()
  requestId!: string;

  /** When it was composed, as ISO 8601 writes it. */
  @IsString()
  composedAt!: string;
}
