package hall;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** A hall in Java: people log in with their one identity, and bring no paper. */
@SpringBootApplication
public class HallApplication {

    public static void main(String[] arguments) {
        SpringApplication.run(HallApplication.class, arguments);
    }
}
