"""Random expressions of tandem's CEL subset, with bindings; the same sequence for the same seed.

Most are typed loosely, so that about half of them have a value; the rest are errors of every kind:
wrong types, unknown names, overflow, bad syntax. Texts are written without care for precedence, and some
are damaged on purpose, so that both parsers must agree on what they mean.
"""

import json
import random

NAMES = ["x", "y", "z", "s", "t", "l", "ll", "m", "mm", "n", "d", "missing", "$"]
INTS = ["0", "1", "2", "3", "5", "7", "-1", "-2", "-7", "10", "42", "007", "0x1F", "-0x10", "0xfF",
        "9223372036854775807", "-9223372036854775808", "9223372036854775808", "4611686018427387904",
        "9007199254740992", "9007199254740993", "-9007199254740993", "3037000500", "- 4", "0x", "-0"]
DOUBLES = ["0.0", "-0.0", "1.0", "1.5", "-2.5", "0.1", "0.2", ".5", "-.25", "1e3", "1E+5", "1e-5", "2.5e-7",
           "1e6", "123456789.0", "1e15", "1e16", "1e17", "1e21", "1e22", "1.7976931348623157e308",
           "5e-324", "1e-400", "1e400", "9007199254740993.0", "9223372036854775807.0",
           "9223372036854775808.0", "-9223372036854775808.0", "-9223372036854777856.0", "0.30000000000000004",
           "100000.0", "999999.0", "1000000.0", "0.0001", "0.00001", "3.0", "2.0", "1.", "1e"]
WORDS = ["", "a", "b", "ab", "abc", "aws", "gcp", "us-east-1", "héllo", "日本", "😀", "e\u0301", "A", " ",
         "a b", "1", "12", "-7", "+3", "1.5", "1e3", "true", "a.b", "x/y", "k", "K", "0x10", "1_000", "inf",
         "NaN", "-Infinity", "+nan", "0x1p-2", "9223372036854775808", "1e400", ".5", "5.", "1__0", "\t"]
PATTERNS = ["", "a", "a+", "^a", "b$", "^ab?c*$", "[a-z]+", "[^a]", "(a|b)c", "\\d+", "\\w+-\\w+", ".",
            "^.$", "é", "(?i)A", "a{2,3}", "\\.", "(", "[a", "a**", "*", "\\", "(?P<n>a)", "\\pL", "x*?",
            "\\bab\\b", "a{1001}", "(?s).", "[[:alpha:]]", "\\x61", "(?=a)", "\\1", "^$"]
FUNCTIONS = ["size", "contains", "startsWith", "endsWith", "matches", "string", "int", "double"]
UNKNOWN = ["foo", "type", "dyn", "bool", "lowerAscii", "split", "existsOne", "ref", "timestamp", "sizes"]
MACROS = ["all", "exists", "exists_one", "map", "filter"]
FIELDS = ["a", "b", "c", "name", "k", "active", "for", "zone"]
RESERVED = ["for", "if", "while", "var", "namespace", "import"]
COMPARISONS = ["==", "!=", "<", "<=", ">", ">="]
DAMAGE = list("()[]{},.?:!-+*/%<>=&|'\"\\ 012\n")
KINDS = ["bool", "int", "double", "string", "list", "map", "null"]


class Generator:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.variables = []

    # Requests.

    def request(self):
        self.variables = []
        roll = self.r.random()
        if roll < 0.004:
            text = self.deep()
        else:
            text = self.expr(self.r.choice(KINDS), self.r.choice([1, 1, 2, 2, 3, 3, 4]))
        if self.r.random() < 0.07:
            text = self.damaged(text)
        return {"expr": text, "bindings": self.bindings()}

    def bindings(self):
        kinds = {"x": "int", "y": "int", "z": "double", "s": "string", "t": "bool", "l": "list", "ll": "list",
                 "m": "map", "mm": "map", "n": "null", "d": "any"}
        bound = {}
        for name, kind in kinds.items():
            if self.r.random() < 0.04:
                continue
            if kind == "any" or self.r.random() < 0.06:
                kind = self.r.choice(KINDS)
            bound[name] = self.value(kind, 2)
        return bound

    def value(self, kind, depth):
        r = self.r
        if kind == "bool":
            return r.random() < 0.5
        if kind == "int":
            return r.choice([0, 1, 2, 3, -1, 7, 2**53, 2**53 + 1, 2**63 - 1, -2**63, r.randint(-20, 20)])
        if kind == "double":
            if r.random() < 0.08:
                return {"double": r.choice(["NaN", "Infinity", "-Infinity"])}
            return r.choice([0.0, -0.0, 1.0, 1.5, 2.0, -3.25, 1e300, 1e-300, 2.0**53, 2.0**63, 0.1,
                             round(r.uniform(-9, 9), 2)])
        if kind == "string":
            return r.choice(WORDS)
        if kind == "list":
            return [self.value(self.inner(depth), depth - 1) for _ in range(r.randint(0, 4))]
        if kind == "map":
            return {key: self.value(self.inner(depth), depth - 1)
                    for key in r.sample(FIELDS, r.randint(0, 4))}
        return None

    def inner(self, depth):
        return self.r.choice(KINDS if depth > 0 else ["bool", "int", "double", "string", "null"])

    # Expressions.

    def expr(self, kind, depth):
        r = self.r
        if r.random() < 0.05:
            kind = r.choice(KINDS)
        if depth <= 0 or r.random() < 0.08:
            return self.leaf(kind)
        text = getattr(self, kind + "_")(depth - 1)
        roll = r.random()
        if roll < 0.3:
            text = "(" + text + ")"
        elif roll < 0.33:
            text = r.choice([" " + text, text + "\n", text + " // note\n", "\t" + text, text + "\r\n"])
        return text

    def leaf(self, kind):
        r = self.r
        if self.variables and r.random() < 0.4:
            return r.choice(self.variables)
        if r.random() < 0.03:
            return r.choice(["missing", "." + r.choice(NAMES[:11]), r.choice(RESERVED), "x.y.zz"])
        named = {"bool": ["t"], "int": ["x", "y"], "double": ["z"], "string": ["s"], "list": ["l", "ll"],
                 "map": ["m", "mm"], "null": ["n", "d"]}
        if r.random() < 0.45:
            return r.choice(named[kind])
        if kind == "bool":
            return r.choice(["true", "false"])
        if kind == "int":
            return r.choice(INTS)
        if kind == "double":
            return r.choice(DOUBLES)
        if kind == "string":
            return self.literal(r.choice(WORDS))
        if kind == "list":
            return "[" + ", ".join(self.leaf(r.choice(KINDS[:4])) for _ in range(r.randint(0, 3))) + \
                r.choice(["", "", "", ","]) + "]"
        if kind == "map":
            return "{" + ", ".join(self.literal(r.choice(FIELDS)) + ": " + self.leaf(r.choice(KINDS[:4]))
                                   for _ in range(r.randint(0, 3))) + r.choice(["", "", "", ","]) + "}"
        return "null"

    def literal(self, text):
        """`text` as a string literal in one of CEL's forms."""
        r = self.r
        quote = r.choice(["'", "'", '"'])
        if r.random() < 0.08 and "\\" not in text and quote not in text and "\t" not in text:
            return r.choice("rR") + quote + text + r.choice(["", "\\n", "\\d"]) + quote
        triple = r.random() < 0.06
        out = ""
        for c in text:
            if c in "\\\"'" or c == "\t":
                out += {"\\": "\\\\", '"': '\\"', "'": "\\'", "\t": "\\t"}[c]
            elif r.random() < 0.04:
                point = ord(c)
                forms = ["\\U%08x" % point]
                if point < 0x10000:
                    forms.append("\\u%04X" % point)
                if point < 0x100:
                    forms += ["\\x%02x" % point, "\\X%02x" % point, "\\%03o" % point]
                out += r.choice(forms)
            else:
                out += c
        if r.random() < 0.02:
            out += r.choice(["\\a\\b\\f\\n\\r\\t\\v", "\\?\\`", "\\q", "\\400", "\\ud800", "\\U00110000", "\\x4",
                             "\\08", "\\377", "\n", "\r", "\\"])
        if triple:
            return quote * 3 + out + r.choice(["", "\n", "\r\n", "\r", quote + " "]) + quote * 3
        return quote + out + quote

    def any_(self, depth):
        return self.expr(self.r.choice(KINDS), depth)

    def null_(self, depth):
        return self.common("null", depth)

    def common(self, kind, depth):
        """What can have any type."""
        r = self.r
        roll = r.random()
        if roll < 0.35:
            between = self.expr(kind, depth)
            return self.expr("bool", depth) + r.choice([" ? ", "?"]) + between + r.choice([" : ", ":"]) + \
                self.expr(kind, depth)
        if roll < 0.55:
            return self.expr("list", depth) + "[" + self.expr(r.choice(["int", "int", "double"]), min(depth, 1)) + "]"
        if roll < 0.75:
            return self.expr("map", depth) + "." + r.choice(FIELDS + ["`a`", "`a-b/c d`"])
        if roll < 0.9:
            return self.expr("map", depth) + "[" + r.choice([self.literal(r.choice(FIELDS)), self.any_(0)]) + "]"
        if roll < 0.93:
            return "[" + self.any_(depth) + "][" + r.choice(["0", "0.0", "1", "-1", "null", "x", "n"]) + "]"
        if roll < 0.97:
            return self.call(r.choice(UNKNOWN + FUNCTIONS), [self.any_(depth) for _ in range(r.randint(0, 3))])
        return r.choice(["!!", "--", "!!!", "---", "- -"]) + self.leaf(kind)

    def call(self, name, operands):
        if operands and self.r.random() < 0.5:
            receiver = operands[0]
            if self.r.random() < 0.5:
                receiver = "(" + receiver + ")"
            return receiver + "." + name + "(" + ", ".join(operands[1:]) + ")"
        return self.r.choice(["", "", "", "."]) + name + "(" + ", ".join(operands) + ")"

    def bool_(self, depth):
        r = self.r
        roll = r.random()
        if roll < 0.2:
            kind = r.choice(KINDS)
            other = kind if r.random() < 0.7 else r.choice(KINDS)
            return self.expr(kind, depth) + " " + r.choice(COMPARISONS[:2]) + " " + self.expr(other, depth)
        if roll < 0.36:
            kind = r.choice(["int", "double", "string", "bool"])
            other = r.choice(["int", "double"]) if kind in ("int", "double") else kind
            return self.expr(kind, depth) + r.choice([" ", ""]) + r.choice(COMPARISONS) + " " + \
                self.expr(other, depth)
        if roll < 0.54:
            op = r.choice([" && ", " || ", "&&", "||"])
            return op.join(self.expr("bool", depth) for _ in range(r.choice([2, 2, 3])))
        if roll < 0.6:
            return r.choice(["!", "!", "!!", "! !!"]) + self.expr("bool", depth)
        if roll < 0.68:
            return self.any_(depth) + " in " + self.expr(r.choice(["list", "list", "map", "string"]), depth)
        if roll < 0.74:
            target = self.expr("map", depth) if r.random() < 0.9 else self.any_(depth)
            return "has(" + target + "." + r.choice(FIELDS + ["`a`"]) + ")"
        if roll < 0.82:
            name = r.choice(["contains", "startsWith", "endsWith"])
            return self.call(name, [self.expr("string", depth), self.expr("string", min(depth, 1))])
        if roll < 0.86:
            pattern = json.dumps(r.choice(PATTERNS), ensure_ascii=False) if r.random() < 0.9 else self.leaf("string")
            return self.call("matches", [self.expr("string", depth), pattern])
        if roll < 0.96:
            return self.macro(r.choice(MACROS[:3]), "bool", depth)
        return self.common("bool", depth)

    def macro(self, name, kind, depth):
        r = self.r
        target = self.expr(r.choice(["list", "list", "map"]), depth)
        variable = r.choice(["i", "j", "x", "e", "i"])
        self.variables.append(variable)
        arguments = [self.expr(kind, min(depth, 2))]
        if name == "map" and r.random() < 0.3:
            arguments.insert(0, self.expr("bool", min(depth, 2)))
        self.variables.pop()
        if r.random() < 0.02:
            variable = r.choice(["1", "i.j", "'i'", "i, i", "__result__", "(i)"])
        if r.random() < 0.02:
            arguments = arguments[1:]
        return target + "." + name + "(" + ", ".join([variable] + arguments) + ")"

    def int_(self, depth):
        r = self.r
        roll = r.random()
        if roll < 0.55:
            op = r.choice(["+", "-", "*", "/", "%", "+", "-"])
            space = r.choice([" ", " ", ""])
            return self.expr("int", depth) + space + op + space + self.expr("int", depth)
        if roll < 0.62:
            return r.choice(["-", "--", "- "]) + self.expr("int", depth)
        if roll < 0.75:
            return self.call("size", [self.expr(r.choice(["string", "list", "map"]), depth)])
        if roll < 0.87:
            return self.call("int", [self.expr(r.choice(["string", "double", "int", "bool"]), depth)])
        return self.common("int", depth)

    def double_(self, depth):
        r = self.r
        roll = r.random()
        if roll < 0.6:
            op = r.choice(["+", "-", "*", "/", "/", "%"] if r.random() < 0.2 else ["+", "-", "*", "/"])
            return self.expr("double", depth) + " " + op + " " + self.expr("double", depth)
        if roll < 0.67:
            return "-" + self.expr("double", depth)
        if roll < 0.87:
            return self.call("double", [self.expr(r.choice(["string", "string", "int", "double", "null"]), depth)])
        return self.common("double", depth)

    def string_(self, depth):
        r = self.r
        roll = r.random()
        if roll < 0.4:
            return self.expr("string", depth) + " + " + self.expr("string", depth)
        if roll < 0.8:
            return self.call("string", [self.expr(r.choice(["int", "double", "double", "bool", "string", "list"]),
                                                  depth)])
        return self.common("string", depth)

    def list_(self, depth):
        r = self.r
        roll = r.random()
        if roll < 0.3:
            return "[" + ", ".join(self.any_(depth) for _ in range(r.randint(0, 4))) + \
                r.choice(["", "", "", ","]) + "]"
        if roll < 0.45:
            return self.expr("list", depth) + " + " + self.expr("list", depth)
        if roll < 0.85:
            name = r.choice(["map", "filter"])
            return self.macro(name, "bool" if name == "filter" else r.choice(KINDS), depth)
        return self.common("list", depth)

    def map_(self, depth):
        r = self.r
        if r.random() < 0.75:
            entries = []
            for _ in range(r.randint(0, 4)):
                key = self.literal(r.choice(FIELDS)) if r.random() < 0.85 else self.expr(
                    r.choice(["string", "string", "int"]), min(depth, 1))
                entries.append(key + r.choice([": ", ":"]) + self.any_(depth))
            return "{" + ", ".join(entries) + r.choice(["", "", "", ","]) + "}"
        return self.common("map", depth)

    # Shapes that random trees do not reach.

    def deep(self):
        r = self.r
        n = r.choice([2, 10, 50, 100, 120, 124, 125, 126, 127, 200, 245, 248, 249, 250, 251, 252, 260, 300])
        forms = [
            lambda: "(" * n + "1" + ")" * n,
            lambda: "[" * n + "1" + "]" * n,
            lambda: "{'a': " * n + "1" + "}" * n,
            lambda: "1" + " + 1" * n,
            lambda: "1" + " - (1" * n + ")" * n,
            lambda: "(" * n + "1" + ") * 1" * n,
            lambda: "1" + " == (1" * n + ")" * n,
            lambda: "true" + " == true" * n,
            lambda: "true" + " && true" * n,
            lambda: "false" + " || (false" * n + ")" * n,
            lambda: "false ? 1 : " * n + "2",
            lambda: "true ? (" * n + "2" + ") : 3" * n,
            lambda: "m" + ".a" * n,
            lambda: "m" + "['a']" * n,
            lambda: "l" + "[0]" * n,
            lambda: "!" * n + "true",
            lambda: "-" * n + "x",
            lambda: "!(" * n + "true" + ")" * n,
            lambda: "size([" * n + "1" + "])" * n,
            lambda: "'a'" + ".string()" * n,
            lambda: "string(" * n + "'a'" + ")" * n,
            lambda: "has({'a': " * n + "1" + "}.a)" * n,
            lambda: "[1, 2]" + ".map(i, i + 1)" * n,
            lambda: "[1].map(i, " * n + "i" + ")" * n,
            lambda: "(" * n,
            lambda: "[1, " * n + "x" + "]" * n + " == l",
        ]
        return r.choice(forms)()

    def damaged(self, text):
        r = self.r
        for _ in range(r.choice([1, 1, 2])):
            at = r.randint(0, len(text))
            roll = r.random()
            if roll < 0.45:
                text = text[:at] + text[at + 1:]
            elif roll < 0.85:
                text = text[:at] + r.choice(DAMAGE) + text[at:]
            else:
                text = text[:at] + text[at:at + r.randint(1, 5)] + text[at:]
        return text
