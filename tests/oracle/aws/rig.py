"""A tandemd with the real AWS plugin, whose accounts lead to moto behind the wire validator."""
import importlib.util
import os
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import boto3  # noqa: E402
import servers  # noqa: E402

# The rig of tests/e2e has the same file name.
_spec = importlib.util.spec_from_file_location("e2e_rig", HERE.parents[1] / "e2e/rig.py")
e2e = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(e2e)
document, main = e2e.document, e2e.main

NO_VARIABLES = {"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
                "AWS_EC2_METADATA_DISABLED": "true", "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing"}


class AwsRig(e2e.Rig):
    def __init__(self, server, *flags, changes=(servers.SHORT_WINDOW,), environment=None):
        super().__init__(start=False)
        self.own_flags = flags
        self.server = server
        if environment and "AWS_PROFILE" in environment:
            environment["AWS_SHARED_CREDENTIALS_FILE"] = str(self.folder / "credentials")
        self.schemas = servers.schemas_with(e2e.SOURCE / "schemas", tempfile.mkdtemp(dir=self.folder),
                                            *changes)
        self.environment.update({**NO_VARIABLES, "TANDEM_SCHEMAS": str(self.schemas), **(environment or {})})
        self.start()

    def command(self, *flags):
        return [str(e2e.BUILD / "tandemd"), "--state-dir", str(self.state), "--schemas",
                str(self.schemas), "--listen", f"unix:{self.state}/d.sock", "--web", "",
                *self.own_flags, *flags]

    def start(self, *flags):
        kept = dict(os.environ)
        os.environ.update({k: v for k, v in self.environment.items() if k.startswith("AWS_")})
        try:
            super().start(*flags)
        finally:
            os.environ.clear()
            os.environ.update(kept)

    def head(self, account=servers.MOTO_ACCOUNT):
        return (f"apiVersion: tandem/v1\nkind: Platform\nmetadata: {{name: shop}}\n"
                f"spec: {{activeSite: aws, sites: {{aws: {{}}}}}}\n---\n"
                f"apiVersion: tandem/v1\nkind: Account\nmetadata: {{name: main}}\n"
                f"spec: {{provider: aws, site: aws, region: us-east-1, accountId: '{account}', "
                f"endpoint: '{self.server.url}'}}\n")

    def model(self, documents, name="model.yaml", account=servers.MOTO_ACCOUNT):
        path = self.folder / name
        path.write_text(self.head(account) + "".join(documents))
        return path

    def plugin_pid(self):
        return super().plugin_pid("aws")

    def outsider(self, service):
        """boto3, as somebody else would use it: not through the validator."""
        return boto3.client(service, region_name="us-east-1",
                            endpoint_url=f"http://127.0.0.1:{self.server.bare_port}",
                            aws_access_key_id="somebody", aws_secret_access_key="else")


class AwsTest(e2e.E2eTest):
    """The tests of a class follow each other; after the first that fails the rest would only repeat it."""
    flags = ()
    failed = False

    def setUp(self):
        if type(self).failed:
            self.fail("a test before it failed")

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        type(self).failed |= len(result.failures) + len(result.errors) > before

    @classmethod
    def setUpClass(cls):
        cls.server = servers.moto()
        cls.rig = AwsRig(cls.server, *cls.flags)

    @classmethod
    def tearDownClass(cls):
        cls.rig.close()
        wrong = cls.server.verdict()
        print("validator:", dict(cls.server.judge.stat), dict(cls.server.judge.seen), file=sys.stderr)
        if wrong:
            raise AssertionError("\n".join(wrong))
