"""Credentials that are wrong, run out, or are mended, as a user of tandemd meets them."""
import servers
from models import component, document
from rig import AwsRig, AwsTest, main


def group(name, days=30):
    return document("logs.aws", "LogGroup", name, {"logGroupName": f"/{name}", "retentionInDays": days})


class Refused(AwsTest):
    """A key that the vendor does not know, and a secret that is not the key's."""

    def test_1_an_unknown_key(self):
        rig = AwsRig(self.server, environment={"AWS_ACCESS_KEY_ID": "AKIDSTRANGER",
                                               "AWS_SECRET_ACCESS_KEY": "s3cr3t-of-a-stranger"})
        self.addCleanup(rig.close)
        self.server.judge.secrets["AKIDSTRANGER"] = "s3cr3t-of-a-stranger"
        self.server.judge.revoked.add("AKIDSTRANGER")
        model = rig.model([group("a"), group("b")])
        told = rig.run("apply", "-f", model, "--auto-approve", "--timeout", "20s")
        self.assertNotEqual(told.returncode, 0)
        self.assertIn("could not be observed", told.stdout)
        accounts = rig.run("get", "accounts").stdout
        self.assertIn("blocked", accounts)
        self.assertIn("InvalidClientTokenId: the access key is not known to AWS", accounts)
        for text in (told.stdout, told.stderr, accounts, rig.log_text()):
            self.assertNotIn("s3cr3t-of-a-stranger", text)
        self.assertEqual(set(self.server.judge.seen), {"sts.GetCallerIdentity"})


class Expired(AwsTest):
    """Keys in the shared file that are taken back while tandemd runs, and replaced."""
    @classmethod
    def setUpClass(cls):
        cls.server = servers.moto()
        cls.server.judge.secrets.update({"AKIDONE": "one", "AKIDTWO": "two"})
        cls.rig = AwsRig(cls.server, "--resync", "2s", environment={
            "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "shop"})
        cls.keys("AKIDONE", "one")

    @classmethod
    def keys(cls, key, secret):
        path = cls.rig.folder / "credentials"
        new = cls.rig.folder / "credentials.new"
        new.write_text(f"[shop]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n")
        new.replace(path)

    def account(self):
        return next(line for line in self.tandem("get", "accounts").stdout.splitlines()
                    if line.startswith("main"))

    def test_1_it_works(self):
        model = self.rig.model([group("a"), group("b")])
        self.tandem("apply", "-f", model, "--auto-approve")
        self.assertIn("open", self.account())

    def test_2_one_refusal_is_met_with_a_fresh_look_at_the_file(self):
        self.keys("AKIDTWO", "two")
        self.server.judge.revoked.add("AKIDONE")
        model = self.rig.model([group("a", 60), group("b")])
        self.tandem("apply", "-f", model, "--auto-approve")
        self.assertIn("open", self.account())

    def test_3_no_good_key_blocks_the_account_and_says_so(self):
        self.server.judge.revoked.add("AKIDTWO")
        self.rig.run("refresh")
        self.eventually("the account is not blocked", lambda: "blocked" in self.account(), 60)
        told = self.rig.run("plan", "-f", self.rig.model([group("a", 90), group("b")]),
                            "--detailed-exitcode")
        self.assertEqual(told.returncode, 1, told.stdout)
        self.assertIn("? logs.aws/LogGroup/a", told.stdout)
        for text in (told.stdout, told.stderr, self.account(), self.rig.log_text()):
            self.assertNotIn("two", text.split())
        groups = self.rig.outsider("logs").describe_log_groups(logGroupNamePrefix="/a")["logGroups"]
        self.assertEqual(groups[0]["retentionInDays"], 60)

    def test_4_it_comes_back_by_itself(self):
        self.server.judge.revoked.discard("AKIDTWO")
        self.eventually("the account does not open again", lambda: "open" in self.account().split(), 90)
        self.tandem("apply", "-f", self.rig.model([group("a", 90), group("b")]), "--auto-approve")
        groups = self.rig.outsider("logs").describe_log_groups(logGroupNamePrefix="/a")["logGroups"]
        self.assertEqual(groups[0]["retentionInDays"], 90)


if __name__ == "__main__":
    main()
