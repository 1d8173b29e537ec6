package orders;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

@SpringBootApplication
@RestController
public class Orders {
  private static final Logger logger = LoggerFactory.getLogger(Orders.class);
  private final RestClient next = RestClient.create(System.getenv("NEXT_URL"));

  public static void main(String[] args) {
    SpringApplication.run(Orders.class, args);
  }

  @GetMapping("/orders/{order}")
  String read(@PathVariable("order") String order) {
    try {
      String found = next.get().uri("/orders/{order}", order).retrieve().body(String.class);
      logger.info("order {} read", order);
      return found;
    } catch (RuntimeException error) {
      logger.error("order {} not read", order, error);
      throw error;
    }
  }
}
