package hall;

import java.util.Map;

/** What somebody wants done, and the words in which their consent is asked and later used: the same ones. */
record Case(String matter, String purpose, String number) {

    static Case of(String number) {
        return new Case("housing-fund-withdrawal", "办理住房公积金提取", number);
    }

    /** The body of a use: equal, word for word, to what was consented to. */
    Map<String, String> use() {
        return Map.of("matter", matter, "purpose", purpose, "business_number", number);
    }

    /** The authorization detail (RFC 9396) that asks for it. */
    Map<String, String> detail() {
        return Map.of("type", "elicence", "matter", matter, "purpose", purpose, "business_number", number);
    }
}
