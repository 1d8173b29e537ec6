import { startTelemetry } from "@observability/telemetry";

startTelemetry();

import "reflect-metadata";
import { Controller, Get, Logger, Module, Param, type OnApplicationShutdown } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";

@Controller("orders")
class OrdersController implements OnApplicationShutdown {
  private readonly logger = new Logger("Orders");

  @Get(":id")
  read(@Param("id") id: string): { id: string } {
    this.logger.log({ message: "order read", order_id: id, password: "hunter2" });
    return { id };
  }

  onApplicationShutdown(signal?: string): void {
    this.logger.log(`stopped by ${signal ?? "nobody"}`);
  }
}

@Module({ controllers: [OrdersController] })
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule);
  app.enableShutdownHooks();
  await app.listen(0, "127.0.0.1");
  console.log(`listening on ${new URL(await app.getUrl()).port}`);
}

void main();
